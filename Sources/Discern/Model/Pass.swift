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

  /// Makes a pass.
  public init(
    packing: Packing, rope: RopeTable, gradients: Gradients? = nil, dropout: DropoutPlan? = nil
  ) {
    self.packing = packing
    self.rope = rope
    self.gradients = gradients
    self.dropout = dropout
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

  /// Makes a plan.
  public init(seed: UInt64, step: UInt32, firstRow: UInt32) {
    self.seed = seed
    self.step = step
    self.firstRow = firstRow
  }

  func site(_ site: UInt32, probability: Float) -> DropoutSite {
    DropoutSite(probability: probability, seed: seed, step: step, site: site, firstRow: firstRow)
  }
}
