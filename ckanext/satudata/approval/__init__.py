"""From draft to published: the check by the Walidata and the head's validation (SOP 3-4)."""
