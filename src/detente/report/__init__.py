"""What a person reads: the page, the pictures, the story of a world, the summary on screen."""
