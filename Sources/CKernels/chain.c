// The loss of a linear-chain conditional random field, in double and in logarithms. Interface in kernels.h.
#include "kernels.h"

#include <math.h>
#include <string.h>

// log Σ e^x over count values that lie `step` apart.
static double log_sum(const double *x, int64_t count, int64_t step) {
  double largest = x[0], sum = 0;
  for (int64_t i = 1; i < count; i++)
    if (x[i * step] > largest) largest = x[i * step];
  for (int64_t i = 0; i < count; i++) sum += exp(x[i * step] - largest);
  return largest + log(sum);
}

// α (n, K): log of the weight of all paths that end with that tag there, its own logit counted. β (n, K): of all that go
// on from there, its own logit not counted. Row K of the transitions is the start's, row K + 1 the end's.
static double forward_backward(const float *z, int64_t n, int64_t K, const float *transitions, double *alpha,
                               double *beta, double *sums) {
  const float *start = transitions + K * K, *end = start + K;
  for (int64_t j = 0; j < K; j++) alpha[j] = (double)start[j] + (double)z[j];
  for (int64_t t = 1; t < n; t++)
    for (int64_t j = 0; j < K; j++) {
      for (int64_t i = 0; i < K; i++) sums[i] = alpha[(t - 1) * K + i] + (double)transitions[i * K + j];
      alpha[t * K + j] = log_sum(sums, K, 1) + (double)z[t * K + j];
    }
  for (int64_t i = 0; i < K; i++) beta[(n - 1) * K + i] = (double)end[i];
  for (int64_t t = n - 2; t >= 0; t--)
    for (int64_t i = 0; i < K; i++) {
      for (int64_t j = 0; j < K; j++)
        sums[j] = (double)transitions[i * K + j] + (double)z[(t + 1) * K + j] + beta[(t + 1) * K + j];
      beta[t * K + i] = log_sum(sums, K, 1);
    }
  for (int64_t j = 0; j < K; j++) sums[j] = alpha[(n - 1) * K + j] + (double)end[j];
  return log_sum(sums, K, 1);
}

// Adds what one chain has for the transitions to `counts` (K + 2, K): how often its paths take each of them, on average,
// less how often the labels do.
static double chain(const float *z, const int32_t *labels, int64_t n, int64_t K, const float *transitions, double weight,
                    float *dz, double *counts, double *scratch) {
  double *alpha = scratch, *beta = alpha + n * K, *sums = beta + n * K;
  const double all = forward_backward(z, n, K, transitions, alpha, beta, sums);
  const float *start = transitions + K * K, *end = start + K;
  double path = (double)start[labels[0]] + (double)end[labels[n - 1]];
  for (int64_t t = 0; t < n; t++) {
    path += (double)z[t * K + labels[t]];
    if (t > 0) path += (double)transitions[labels[t - 1] * K + labels[t]];
    for (int64_t j = 0; j < K; j++) {
      const double p = exp(alpha[t * K + j] + beta[t * K + j] - all) - (j == labels[t]);
      dz[t * K + j] = (float)(weight * p);
      if (t == 0) counts[K * K + j] += p;
      if (t == n - 1) counts[(K + 1) * K + j] += p;
    }
    for (int64_t i = 0; t > 0 && i < K; i++)
      for (int64_t j = 0; j < K; j++)
        counts[i * K + j] += exp(alpha[(t - 1) * K + i] + (double)transitions[i * K + j] + (double)z[t * K + j] +
                                 beta[t * K + j] - all) -
                             (i == labels[t - 1] && j == labels[t]);
  }
  return weight * (all - path);
}

int64_t dk_chain_scratch(int64_t longest, int64_t K) {
  return (2 * longest * K + K + (K + 2) * K) * (int64_t)sizeof(double);
}

double dk_chain_loss(const float *logits, const int32_t *labels, const int32_t *starts, int64_t chain_count, int64_t K,
                     const float *transitions, float weight, float *dlogits, float *dtransitions, void *scratch) {
  double *counts = scratch, loss = 0;
  memset(counts, 0, (size_t)((K + 2) * K) * sizeof *counts);
  for (int64_t c = 0; c < chain_count; c++) {
    const int64_t first = starts[c], n = starts[c + 1] - first;
    int known = 1;
    for (int64_t t = 0; t < n; t++) known &= labels[first + t] >= 0;
    if (known && n > 0)
      loss += chain(logits + first * K, labels + first, n, K, transitions, (double)weight, dlogits + first * K, counts,
                    counts + (K + 2) * K);
    else
      memset(dlogits + first * K, 0, (size_t)(n * K) * sizeof *dlogits);
  }
  for (int64_t i = 0; i < (K + 2) * K; i++) dtransitions[i] += (float)((double)weight * counts[i]);
  return loss;
}
