import Compute

/// What one run through the model needs besides weights: where sequences lie, what is drawn, where gradients go.
public struct Pass: Sendable {
  /// Where the sequences of the packed rows lie.
  public let packing: Packing
  /// Angles for at least as many positions as the longest sequence has.
  public let rope: RopeTable
  /// Where pullbacks add the parameters' gradients; `nil`: inference.
  public let gradients: Gradients?
  /// How dropout masks are drawn; `nil`: no dropout.
  public let dropout: DropoutPlan?
  /// Rows whose hidden states are asked for, each once: the last layer computes no others. `nil`: all.
  public let answers: [Int32]?

  /// Makes a pass.
  public init(
    packing: Packing, rope: RopeTable, gradients: Gradients? = nil, dropout: DropoutPlan? = nil,
    answers: [Int32]? = nil
  ) {
    self.packing = packing
    self.rope = rope
    self.gradients = gradients
    self.dropout = dropout
    self.answers = answers
  }

  /// The same pass for activations that are the answering rows alone: masks are still drawn by the rows' own numbers.
  var onAnswers: Pass {
    guard let answers, var dropout else { return self }
    dropout.rows = answers
    return Pass(packing: packing, rope: rope, gradients: gradients, dropout: dropout, answers: answers)
  }
}

/// The random part of a training step; each dropout of the model draws at its own site.
public struct DropoutPlan: Sendable {
  /// The run's seed.
  public let seed: UInt64
  /// The optimiser's step, counted over the whole run; micro-batches of an accumulated step differ in `firstRow`.
  public let step: UInt32
  /// Row of the whole step's batch that is row 0 of this pass.
  public let firstRow: UInt32
  /// Rows of this pass that the activations are; `nil`: all.
  var rows: [Int32]?

  /// Makes a plan.
  public init(seed: UInt64, step: UInt32, firstRow: UInt32) {
    self.seed = seed
    self.step = step
    self.firstRow = firstRow
  }

  func site(_ site: UInt32, probability: Float) -> DropoutSite {
    DropoutSite(
      probability: probability, seed: seed, step: step, site: site, firstRow: firstRow, rows: rows)
  }
}
