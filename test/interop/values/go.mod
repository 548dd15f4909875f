module check-values

go 1.26.0
