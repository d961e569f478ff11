"""What the product is: questions, threads, prompts, answers. Knows no platform, HTTP, SQL or torch."""
