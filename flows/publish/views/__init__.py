"""Export views: releases in the formats of trainers, and preference pairs and RL tasks from the lake."""
