import Compute
import Formats

/// A head that was fitted to a frozen model's states, to begin a training with.
///
/// It belongs to one model, mask, number of layers and pooling: over other states it would say nothing.
public struct WarmStart: Sendable {
  /// The base model's fingerprint and layers.
  let fingerprint: String
  let layersOfBase: Int
  let task: Dataset.Task
  let attention: AttentionPattern
  /// Layers that ran.
  let layers: Int
  let pooling: Pooling?
  /// Label names in the order of the rows.
  let labels: [String]
  /// (labels, width) row-major, and for taggers a value for each label.
  let weight: [Float]
  let bias: [Float]

  init(
    _ base: BaseModel, task: Dataset.Task, view: LayerStates.View, labels: [String], weight: [Float], bias: [Float]
  ) {
    (fingerprint, layersOfBase) = (base.fingerprint, base.configuration.layers)
    (self.task, attention, layers, pooling) = (task, view.attention, view.layers, view.pooling)
    (self.labels, self.weight, self.bias) = (labels, weight, bias)
  }

  /// Reads what `discern probe --save` wrote.
  public init(_ path: String) throws {
    let json = try JSON(contentsOf: path, limit: 1 << 30)
    func fault(_ found: String) -> FormatError {
      FormatError(path, found: found, expected: "a head that discern probe --save wrote", kind: .configuration)
    }
    guard let head = json["head"], let fingerprint = head["fingerprint"]?.string,
      let task = head["task"]?.string.flatMap(Dataset.Task.init(rawValue:)), let layers = head["layers"]?.int,
      let attention = head["attention"]?.string, let names = head["labels"]?.array?.map(\.string),
      let weight = head["weight"]?.array?.map(\.double), let bias = head["bias"]?.array?.map(\.double)
    else { throw fault("no complete head") }
    guard !names.contains(nil), !weight.contains(nil), !bias.contains(nil), !names.isEmpty,
      weight.count.isMultiple(of: names.count), bias.isEmpty || bias.count == names.count
    else { throw fault("\(weight.count) weights and \(bias.count) biases for \(names.count) labels") }
    (self.fingerprint, self.task, self.layers) = (fingerprint, task, layers)
    layersOfBase = head["layers_of_base"]?.int ?? layers
    self.attention = try AttentionPattern(attention)
    pooling = head["pooling"]?.string.flatMap(Pooling.init(rawValue:))
    labels = try LabelSet(names.map { $0! }, place: path).names
    self.weight = weight.map { Float($0!) }
    self.bias = bias.map { Float($0!) }
  }

  /// What `init(_:)` reads.
  var json: JSON {
    [
      "fingerprint": JSON(fingerprint), "layers_of_base": .integer(layersOfBase), "task": JSON(task.rawValue),
      "attention": JSON("\(attention)"), "layers": .integer(layers),
      "pooling": pooling.map { JSON($0.rawValue) } ?? .null, "labels": .array(labels.map { JSON($0) }),
      "weight": .array(weight.map { .number(Double($0)) }), "bias": .array(bias.map { .number(Double($0)) }),
    ]
  }

  /// Writes the head over an adapter's; throws where it was fitted to other states or other labels.
  func begin(_ adapter: Adapter, over base: BaseModel) throws {
    try check(adapter, base)
    let width = base.configuration.width
    let positions = LabelSet(labels)
    let order = try adapter.labels.map { name in
      guard let position = positions.index(of: name) else {
        throw fault("no row for the label \"\(name)\"", "a head for the labels of the training data")
      }
      return position
    }
    guard labels.count == order.count, weight.count == labels.count * width else {
      throw fault(
        "\(labels.count) labels of \(weight.count / labels.count) weights", "\(order.count) of \(width)")
    }
    let head = adapter.head
    base.backend.write(order.flatMap { weight[$0 * width..<($0 + 1) * width] }, into: head.weight.value)
    if let own = head.bias { base.backend.write(order.map { bias.isEmpty ? 0 : bias[$0] }, into: own.value) }
  }

  private func check(_ adapter: Adapter, _ base: BaseModel) throws {
    let recipe = adapter.recipe
    guard fingerprint == base.fingerprint else {
      throw fault("a head for another base model (\(fingerprint))", "one for \(base.place) (\(base.fingerprint))")
    }
    guard task == recipe.task else { throw fault("the task \(task.rawValue)", recipe.task.rawValue) }
    let depth = try base.configuration.cut(for: recipe).layers
    let same = attention == recipe.attention && layers == depth && (task == .tokens || pooling == recipe.pooling)
    guard same else {
      throw fault(
        "a head for other states: \(Self.options(attention, layers, pooling))",
        "\(Self.options(recipe.attention, depth, task == .tokens ? nil : recipe.pooling)), as this run has them")
    }
  }

  /// The options of `discern train` that make the states.
  static func options(_ attention: AttentionPattern, _ layers: Int, _ pooling: Pooling?) -> String {
    "--attention \(attention) --layers \(layers)" + (pooling.map { " --pooling \($0.rawValue)" } ?? "")
  }

  private func fault(_ found: String, _ expected: String) -> DiscernError {
    DiscernError(.configuration, "warm_start: found \(found); expected \(expected)")
  }
}
