/// AdamW with decoupled weight decay over a list of parameters (Loshchilov & Hutter 2019).
public struct AdamW: Sendable {
  /// Decay rates of the moments, and the guard of the division.
  public var beta1: Float, beta2: Float, epsilon: Float
  /// Decoupled weight decay; not on biases.
  public var weightDecay: Float
  /// Gradients longer than this (L2 over all parameters) are scaled down to it; `nil`: never.
  public var clip: Float?
  /// Steps taken.
  public private(set) var step = 0
  private let parameters: [Parameter]
  /// First and second moments, in the order of the parameters.
  public let m: Gradients, v: Gradients

  /// Starts with zero moments.
  public init(
    _ parameters: [Parameter], beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    weightDecay: Float = 0.01, clip: Float? = 1, on backend: any Backend
  ) {
    self.parameters = parameters
    (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
    (self.weightDecay, self.clip) = (weightDecay, clip)
    m = Gradients(like: parameters, on: backend)
    v = Gradients(like: parameters, on: backend)
  }

  /// Goes on after so many steps; the caller has put the moments back.
  public mutating func resume(after steps: Int) { step = steps }

  /// One step, each parameter at its learning rate; returns the gradient's norm before clipping.
  ///
  /// The threads share out whole parameters, so that the result does not depend on their number.
  @discardableResult
  public mutating func update(
    _ gradients: Gradients, threads: Int = 1, rate: (Parameter) -> Float
  ) -> Float {
    step += 1
    let norm = Float(gradients.sumOfSquares(threads: threads).squareRoot())
    // transformers (torch.nn.utils.clip_grad_norm_) divides by the norm plus 1e-6.
    let scale = clip.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    let steps = parameters.map { parameter in
      AdamWStep(
        gradientScale: scale, rate: rate(parameter), beta1: beta1, beta2: beta2, epsilon: epsilon,
        weightDecay: parameter.decays ? weightDecay : 0, step: step)
    }
    Parallel.forEach(parameters.count, threads: threads) { [parameters, m, v] index, _ in
      let parameter = parameters[index]
      parameter.value.backend.adamW(
        parameter.value, gradient: gradients[parameter], m: m[parameter], v: v[parameter],
        steps[index])
    }
    return norm
  }
}
