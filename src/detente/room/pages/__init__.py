"""The browser face of the room: pages made on the server, in both languages."""
