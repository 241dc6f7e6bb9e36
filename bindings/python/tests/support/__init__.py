"""What tests stand on: a real server, a proxy in front of it, and waiting for states. Nothing here uses redis-py."""
