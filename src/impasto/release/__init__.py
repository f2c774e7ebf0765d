"""Release: trained networks as files that other programs run, with card, hub upload and Space."""
