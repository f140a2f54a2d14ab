"""Photos, sound and files of interviews: taken in pieces, kept by their digest, here or in an object store."""
