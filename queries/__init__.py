"""What may be asked, and answering it. Knows nothing of the web or of people."""
