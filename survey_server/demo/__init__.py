"""The demo programme: invented people answer the real forms through the real engine and the real sync."""
