"""The profile page, part by part: who this is, what they did, where they are, what they said."""
