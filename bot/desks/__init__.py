"""What commands do with the data: beside a running service, or without one. Nothing here prints."""
