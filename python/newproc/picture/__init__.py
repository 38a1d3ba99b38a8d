"""Pictures of runs: the house of Gs, Ms and Ps, and the timeline. Imported when the first one is drawn."""
