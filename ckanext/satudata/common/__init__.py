"""What every domain stands on; no word of the procedure is in here."""
