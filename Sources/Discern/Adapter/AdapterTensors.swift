import Compute
import Formats

/// The tensors of an adapter's file under their canonical names, each to be claimed once.
struct AdapterTensors {
  private let file: String
  private let values: [String: Tensor]
  private let stored: [String: String]
  /// What has been claimed.
  private(set) var claimed: [String: Tensor] = [:]

  /// Reads the file. Throws where two names are spellings of one.
  init(_ file: String, on backend: any Backend) throws {
    let weights = try Safetensors(file)
    var values: [String: Tensor] = [:]
    var stored: [String: String] = [:]
    for name in weights.names.sorted() {
      let canonical = PEFT.canonical(name)
      if let other = stored.updateValue(name, forKey: canonical) {
        throw FormatError(
          "\(file):\(name)", found: "a second spelling of \(other)", expected: "each tensor once",
          remedy: "Save the adapter with PEFT's save_pretrained.")
      }
      values[canonical] = try Self.floats(try weights.tensor(name), file, backend)
    }
    (self.file, self.values, self.stored) = (file, values, stored)
  }

  /// Takes the tensor of that canonical name; nil where there is none. Throws where a given axis differs.
  mutating func claim(_ name: String, _ shape: [Int?]) throws -> Tensor? {
    guard let value = values[name] else { return nil }
    guard shape[0] ?? value.rows == value.rows, shape[1] ?? value.columns == value.columns else {
      throw FormatError(
        "\(file):\(stored[name]!)", found: "shape [\(value.rows), \(value.columns)]",
        expected: "[\(shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", "))]",
        remedy: "The adapter belongs to another base model.")
    }
    claimed[name] = value
    return value
  }

  /// Throws where a tensor has no place in a classifier.
  func checkAllClaimed() throws {
    let unknown = stored.filter { claimed[$0.key] == nil }.values.sorted()
    guard let first = unknown.first else { return }
    throw FormatError(
      "\(file):\(first)", found: "a tensor of no known place (\(unknown.count) in all)",
      expected: "LoRA pairs of the seven projections and a head")
  }

  private static func floats(_ tensor: StoredTensor, _ file: String, _ backend: any Backend) throws -> Tensor {
    guard let format = WeightFormat(tensor.format), tensor.format.blockValues == 1,
      (1...2).contains(tensor.shape.count)
    else {
      throw FormatError(
        "\(file):\(tensor.name)", found: "type \(tensor.format), shape \(tensor.shape)",
        expected: "a matrix or vector of f32, f16 or bf16")
    }
    let rows = tensor.shape.count == 2 ? tensor.shape[0] : 1
    let columns = tensor.shape.last!
    guard rows > 0 && columns > 0 else {
      throw FormatError("\(file):\(tensor.name)", found: "shape \(tensor.shape)", expected: "no empty axis")
    }
    let storage = Storage(borrowing: tensor.bytes, owner: tensor.owner, on: backend)
    let weight = Weight(rows: rows, columns: columns, format: format, storage: storage)
    let values = weight.decoded()
    guard values.allSatisfy(\.isFinite) else {
      throw FormatError("\(file):\(tensor.name)", found: "a value that is not finite", expected: "numbers")
    }
    return Tensor(values, rows: rows, columns: columns, on: backend)
  }
}
