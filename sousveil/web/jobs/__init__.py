"""Long work that somebody asked the desk for: it outlives the page, and ends with the desk."""
