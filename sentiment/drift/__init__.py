"""How the texts of production differ from those that the champion learned from."""
