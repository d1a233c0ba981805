"""What runs the system: settings, the embedded servers, the supervisor, and the Temporal plugin."""
