"""The portal: its server, its doors, its pages."""
