"""What every public estimator must do: the estimators, the checks, and how they are told apart."""
