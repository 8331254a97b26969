import Testing

@testable import Formats

@Suite struct JSONTests {
  func parse(_ text: String) throws -> JSON { try JSON(parsing: text, name: "x.json") }

  /// The message of the error that parsing throws.
  func fault(_ text: String) -> String {
    do {
      return "no error but \(try parse(text))"
    } catch {
      return "\(error)"
    }
  }

  @Test func parsesEveryKindOfValue() throws {
    let json = try parse(
      #" { "a" : [ 1, -2, 0, 1.5, -0.25e-3, 1E2, true, false, null ], "b": {}, "c": [], "d": "é\n" } "#
    )
    #expect(
      json == [
        "a": [1, -2, 0, 1.5, -0.25e-3, 100.0, true, false, nil], "b": [:], "c": [], "d": "é\n",
      ])
    #expect(json["d"]?.string == "é\n")
    #expect(json["a"]?.array?[0].int == 1)
    #expect(json["a"]?.array?[3].double == 1.5)
    #expect(json["a"]?.array?[5].int == 100)
    #expect(json["a"]?.array?[6].bool == true)
    #expect(json["a"]?.array?[8].isNull == true)
    #expect(json["none"] == nil)
    #expect(json.object?.keys == ["a", "b", "c", "d"])
  }

  @Test func integersKeepTheirValueAndLargerOnesBecomeNumbers() throws {
    #expect(try parse("9223372036854775807") == .integer(.max))
    #expect(try parse("-9223372036854775808") == .integer(.min))
    #expect(try parse("9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try parse("18446744073709551616") == .number(18_446_744_073_709_551_616))
    #expect(try parse("-0").double?.sign == .minus)
  }

  @Test func stringsUnescape() throws {
    #expect(
      try parse(#""\"\\\/\b\f\n\r\tA\u00e9\u20AC\ud83d\ude00\u0000""#).string
        == "\"\\/\u{8}\u{C}\n\r\tAé€😀\0")
    #expect(try parse("\"\u{7F}\u{85}\u{2028}😀\"").string == "\u{7F}\u{85}\u{2028}😀")
  }

  @Test func keysDifferByBytesNotByCanonicalEquivalence() throws {
    let json = try parse("{\"\u{C5}\": 1, \"A\u{30A}\": 2, \"\u{212B}\": 3}")
    #expect(json["\u{C5}"] == 1)
    #expect(json["A\u{30A}"] == 2)
    #expect(json["\u{212B}"] == 3)
    #expect(JSONString("\u{C5}") != JSONString("A\u{30A}"))
  }

  @Test(
    arguments: [
      "", " ", "[", "[1", "[1,", "[1,]", "[,1]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}",
      "{a:1}", "{'a':1}", "{1:1}", "01", "-01", "-", "+1", "1.", ".5", "1e", "1e+", "NaN",
      "Infinity",
      "tru", "nul", "TRUE", "truex", "1 2", "[] []", "\"", "\"\\\"", "\"\\x\"", "\"\\u12g4\"",
      "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\ud800x\"", "\"\n\"", "\"\u{1}\"",
      "\0",
      "1e999", "{\"a\":1,\"a\":2}", "{\"\\u0061\":1,\"a\":2}", "[1}", "{\"a\":1]", "// c\n1",
      "\u{A0}1",
    ])
  func refuses(_ text: String) {
    #expect(throws: FormatError.self) { try parse(text) }
  }

  @Test(
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xE2, 0x82, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
      [0x22, 0x5C, 0x6E, 0xC3, 0x22],
      [0xC3], [0x22, 0xC3],
    ] as [[UInt8]])
  func refusesBytesThatAreNotUTF8(_ bytes: [UInt8]) {
    #expect(throws: FormatError.self) { try JSON(parsing: bytes, name: "x") }
  }

  @Test func errorsNameLineAndColumn() {
    #expect(
      fault("{\n  \"é\": 1x}") == "x.json:2:9: found 'x'; expected ',' or '}'")
    #expect(fault("[1,") == "x.json:1:4: found the end of the file; expected a JSON value")
    #expect(
      fault("{\"a\":1,\n\"a\":2}")
        == "x.json:2:1: found the name \"a\" twice in one object; expected different names")
    #expect(
      fault("\"a\tb\"")
        == "x.json:1:3: found the control byte 0x09; expected control characters in strings to be escaped"
    )
    let error = #expect(throws: FormatError.self) {
      try JSON(parsing: [0x5B, 0x0A, 0x22, 0x61, 0xFF, 0x22], name: "rows.jsonl", firstLine: 17)
    }
    #expect(error?.place == "rows.jsonl:18:3")
  }

  @Test func nestingIsLimited() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try parse(nested(128))
    #expect(throws: FormatError.self) { try parse(nested(129)) }
    #expect(throws: FormatError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
  }

  @Test func byteOrderMarkIsSkipped() throws {
    #expect(try parse("\u{FEFF}1") == 1)
  }

  @Test func objectsWithManyMembersLookUpReplaceAndRemove() throws {
    var object = JSONObject()
    for index in 0..<1000 { object.append(JSONString("key \(index)"), .integer(index)) }
    #expect((0..<1000).allSatisfy { object["key \($0)"] == .integer($0) })
    object["key 500"] = nil
    object["key 501"] = "other"
    object["new"] = true
    #expect(object.count == 1000)
    #expect(object["key 500"] == nil)
    #expect(object["key 501"] == "other")
    #expect(object["key 999"] == 999)
    #expect(object.keys.last == "new")
    let text = JSON.object(object).serialized()
    #expect(try parse(text) == .object(object))
    for index in 0..<1000 { object["key \(index)"] = nil }
    #expect(object == ["new": true])
  }

  @Test func equalityIgnoresTheOrderOfMembers() throws {
    #expect(try parse(#"{"a":1,"b":[2]}"#) == parse(#"{"b":[2],"a":1}"#))
    #expect(try parse(#"{"a":1}"#) != parse(#"{"a":1.0}"#))
    #expect(try parse("[1,2]") != parse("[2,1]"))
  }

  @Test func serialisesCompactAndPretty() {
    let json: JSON = ["b": [1, 2.5, 1e-5, 1e16], "a": ["x": nil], "e": [], "o": [:]]
    #expect(json.serialized() == #"{"b":[1,2.5,1e-05,1e+16],"a":{"x":null},"e":[],"o":{}}"#)
    #expect(
      json.serialized(pretty: true) == """
        {
          "b": [
            1,
            2.5,
            1e-05,
            1e+16
          ],
          "a": {
            "x": null
          },
          "e": [],
          "o": {}
        }
        """)
    #expect(JSON("\"\\/\n\u{1}é\u{7F}").serialized() == "\"\\\"\\\\/\\n\\u0001é\u{7F}\"")
  }

  @Test func doublesReadBackExactly() throws {
    var bits: UInt64 = 1
    for _ in 0..<10_000 {
      bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = Double(bitPattern: bits)
      guard value.isFinite else { continue }
      #expect(try parse(JSON.number(value).serialized()).double == value)
    }
  }
}
