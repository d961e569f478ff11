"""The admin pages: what was asked and answered, what the company knows, what runs, and who has looked.

Server-rendered; a page does everything without script that it does with it. Owns nothing of what it shows: it reads
and acts through the stores and the functions that the commands use.
"""
