"""How each family of parts is put together: a function for each, and a frozen record of what it made.

What a family needs of another is handed to it. Only `bot.service` knows all of them, and in which order they come.
"""
