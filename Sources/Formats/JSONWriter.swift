extension JSON {
  /// The JSON text of this value: compact, or with one member a line and 2-space indentation.
  ///
  /// Members keep their order, numbers read back exactly, and characters outside ASCII stay as they are. JSON has no
  /// infinity and no NaN; such a number is a programmer error.
  public func serialized(pretty: Bool = false) -> String {
    var output: [UInt8] = []
    write(into: &output, pretty: pretty, indentation: 0)
    return String(decoding: output, as: UTF8.self)
  }

  private func write(into output: inout [UInt8], pretty: Bool, indentation: Int) {
    switch self {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): output.append(contentsOf: String(value).utf8)
    case .number(let value):
      precondition(value.isFinite, "JSON has no way to write the number \(value)")
      output.append(contentsOf: value.description.utf8)
    case .string(let string): string.write(into: &output)
    case .array(let elements):
      writeList(elements, "[", "]", into: &output, pretty, indentation) { element, output in
        element.write(into: &output, pretty: pretty, indentation: indentation + 1)
      }
    case .object(let object):
      writeList(object.members, "{", "}", into: &output, pretty, indentation) { member, output in
        member.key.write(into: &output)
        output.append(UInt8(ascii: ":"))
        if pretty { output.append(UInt8(ascii: " ")) }
        member.value.write(into: &output, pretty: pretty, indentation: indentation + 1)
      }
    }
  }

  private func writeList<Element>(
    _ elements: [Element], _ open: Unicode.Scalar, _ close: Unicode.Scalar,
    into output: inout [UInt8], _ pretty: Bool, _ indentation: Int,
    _ writeElement: (Element, inout [UInt8]) -> Void
  ) {
    func breakLine(_ indentation: Int, _ output: inout [UInt8]) {
      guard pretty else { return }
      output.append(0x0A)
      output.append(contentsOf: repeatElement(0x20, count: 2 * indentation))
    }
    output.append(UInt8(ascii: open))
    for (index, element) in elements.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      breakLine(indentation + 1, &output)
      writeElement(element, &output)
    }
    if !elements.isEmpty { breakLine(indentation, &output) }
    output.append(UInt8(ascii: close))
  }
}

extension JSONString {
  /// Appends the string in quotes, escaping only what RFC 8259 demands.
  fileprivate func write(into output: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    output.append(UInt8(ascii: "\""))
    withBytes { bytes in
      for byte in bytes {
        switch byte {
        case UInt8(ascii: "\""): output.append(contentsOf: "\\\"".utf8)
        case UInt8(ascii: "\\"): output.append(contentsOf: "\\\\".utf8)
        case 0x08: output.append(contentsOf: "\\b".utf8)
        case 0x09: output.append(contentsOf: "\\t".utf8)
        case 0x0A: output.append(contentsOf: "\\n".utf8)
        case 0x0C: output.append(contentsOf: "\\f".utf8)
        case 0x0D: output.append(contentsOf: "\\r".utf8)
        case 0..<0x20:
          output.append(contentsOf: "\\u00".utf8)
          output.append(digits[Int(byte >> 4)])
          output.append(digits[Int(byte & 15)])
        default: output.append(byte)
        }
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}
