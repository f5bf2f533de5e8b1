"""The fits themselves: lmer, glmer, complete pooling and no pooling."""
