# The definition, as it is usually written down first. Lists of rows; only the first few rows of y, or we would wait for minutes.
def matmul(n, x, w, rows):
    y = [[0.0] * n for _ in range(rows)]
    for i in range(rows):
        for j in range(n):
            for k in range(n):
                y[i][j] += x[i][k] * w[k][j]
    return y
