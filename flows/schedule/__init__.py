"""When nights start, which day each is booked on, and how each ended; flow.py serves the nightly with Prefect."""
