"""Who may act: role assignments with dates, organisation and decree (Perpres 39/2019 ps 20-24)."""
