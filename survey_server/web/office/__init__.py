"""The office face: pages for people with roles and sessions."""
