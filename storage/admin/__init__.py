"""Who may open the admin pages, who has signed in, and what they have asked a second person for."""
