"""The service: what employees, HR, admins and IT touch."""
