// Losses with weights, smoothing or a focus, binary cross-entropy and squared error, in double. Interface in kernels.h.
//
// They are computed for a few rows of a batch, never for a vocabulary: one variant serves every instruction set.
#include "kernels.h"

#include <math.h>

// log(1 + e^x) without overflow.
static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

static double sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }

static double weight_of(const float *class_weights, int64_t class) {
  return class_weights ? (double)class_weights[class] : 1;
}

// The loss of a row, whose largest logit is `largest` and whose sum of e^(z − largest) is `sum`.
static double smoothed_row(const float *z, int64_t classes, int64_t label, const dk_loss_shape_t *shape, double largest,
                           double sum, double weight, float *d) {
  const double share = (double)shape->smoothing / (double)classes;
  const double kept = (1 - (double)shape->smoothing) * weight_of(shape->class_weights, label);
  double loss = kept * (largest + log(sum) - (double)z[label]);
  double mass = kept;
  for (int64_t c = 0; share > 0 && c < classes; c++) {
    const double own = share * weight_of(shape->class_weights, c);
    loss += own * (largest + log(sum) - (double)z[c]);
    mass += own;
  }
  for (int64_t c = 0; c < classes; c++) {
    const double own = share > 0 ? share * weight_of(shape->class_weights, c) : 0;
    const double wanted = own + (c == label ? kept : 0);
    d[c] = (float)(weight * (mass * exp((double)z[c] - largest) / sum - wanted));
  }
  return loss;
}

// −w · q^γ · log p with q = 1 − p, the sum of the other probabilities: exact also where p is almost 1.
static double focal_row(const float *z, int64_t classes, int64_t label, const dk_loss_shape_t *shape, double largest,
                        double sum, double weight, float *d) {
  double others = 0;
  for (int64_t c = 0; c < classes; c++)
    if (c != label) others += exp((double)z[c] - largest);
  const double q = others / sum, own = weight_of(shape->class_weights, label), gamma = (double)shape->gamma;
  const double surprise = q < 0.5 ? -log1p(-q) : largest + log(sum) - (double)z[label];
  const double focus = pow(q, gamma);
  // dL/dz = factor · (p − one-hot)
  const double factor = q > 0 ? own * focus * (1 + gamma * (1 - q) * surprise / q) : 0;
  for (int64_t c = 0; c < classes; c++)
    d[c] = (float)(weight * factor * (c == label ? -q : exp((double)z[c] - largest) / sum));
  return own * focus * surprise;
}

double dk_shaped_cross_entropy(const float *logits, const int32_t *labels, int64_t M, int64_t classes,
                               const dk_loss_shape_t *shape, float weight, float *dlogits) {
  double loss = 0;
  for (int64_t row = 0; row < M; row++, logits += classes, dlogits += classes) {
    if (labels[row] < 0) {
      for (int64_t c = 0; c < classes; c++) dlogits[c] = 0;
      continue;
    }
    double largest = (double)logits[0], sum = 0;
    for (int64_t c = 1; c < classes; c++)
      if ((double)logits[c] > largest) largest = (double)logits[c];
    for (int64_t c = 0; c < classes; c++) sum += exp((double)logits[c] - largest);
    const double own =
      shape->gamma > 0 ? focal_row(logits, classes, labels[row], shape, largest, sum, (double)weight, dlogits)
                       : smoothed_row(logits, classes, labels[row], shape, largest, sum, (double)weight, dlogits);
    loss += (double)weight * own;
  }
  return loss;
}

double dk_binary_cross_entropy(const float *logits, const float *targets, int64_t M, int64_t classes,
                               const dk_loss_shape_t *shape, float weight, float *dlogits) {
  const double gamma = (double)shape->gamma, smoothing = (double)shape->smoothing;
  double loss = 0;
  for (int64_t i = 0; i < M * classes; i++) {
    const double z = (double)logits[i], p = sigmoid(z), q = sigmoid(-z);
    const double target = (double)targets[i] * (1 - smoothing) + smoothing / 2;
    const double yes = weight_of(shape->class_weights, i % classes) * target, no = 1 - target;
    const double miss = softplus(-z), false_alarm = softplus(z);
    if (gamma > 0) {
      const double to_miss = yes * pow(q, gamma), to_alarm = no * pow(p, gamma);
      loss += (double)weight * (to_miss * miss + to_alarm * false_alarm);
      dlogits[i] = (float)((double)weight *
                           (to_alarm * (gamma * q * false_alarm + p) - to_miss * (gamma * p * miss + q)));
    } else {
      loss += (double)weight * (yes * miss + no * false_alarm);
      dlogits[i] = (float)((double)weight * (no * p - yes * q));
    }
  }
  return loss;
}

double dk_squared_error(const float *y, const float *targets, int64_t count, float weight, float *dy) {
  double loss = 0;
  for (int64_t i = 0; i < count; i++) {
    const double error = (double)y[i] - (double)targets[i];
    loss += (double)weight * error * error;
    dy[i] = (float)(2 * (double)weight * error);
  }
  return loss;
}
