"""Tables, migrations, one store per subject. Rows never leave it; frozen records do. Knows no platform and no model."""
