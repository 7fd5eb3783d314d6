"""What the metadata scheme means: duties, period, national keys (Perpres 39/2019 ps 4-10)."""
