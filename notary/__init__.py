"""The notary: one log of all events, signed by it and cosigned by witnesses, so that nobody can change it unseen."""
