"""Files into submissions: every row judged before anything of it is sent, every outcome accounted for."""
