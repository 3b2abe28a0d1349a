"""Seats: who answers a Decision.

A seat turns it into utilities (preferences), reads it off the record, or asks a person.
"""
