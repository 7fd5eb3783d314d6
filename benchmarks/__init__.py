"""What the extension costs, measured beside stock CKAN; see README.md."""
