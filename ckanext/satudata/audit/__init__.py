"""Does the public get what is not approved, and all that is? Asked as the public asks."""
