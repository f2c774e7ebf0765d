"""Networks, one page each: an ``nn.Module`` with its frozen configuration, importing torch only."""
