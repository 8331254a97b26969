import Glibc

/// The files that paths and shell patterns name, in a fixed order.
///
/// A path that exists, and `-`, stands for itself. Another one with `*`, `?` or `[` is a pattern; its matches come
/// sorted by bytes. Throws where a pattern matches nothing, and where a file is named twice, which would count its
/// rows twice.
public func matchingFiles(_ patterns: [String]) throws -> [String] {
  var paths: [String] = []
  var seen: [String: String] = [:]
  for pattern in patterns {
    for path in try matches(of: pattern) {
      if let first = seen.updateValue(pattern, forKey: resolved(path)) {
        throw FormatError(
          path, found: "the same file twice (as \(quoted(first)) and as \(quoted(pattern)))",
          expected: "each file once", remedy: "Take one of the two out.", kind: .noInput)
      }
      paths.append(path)
    }
  }
  return paths
}

private func matches(of pattern: String) throws -> [String] {
  let isPattern = pattern.utf8.contains { "*?[".utf8.contains($0) } && !pattern.utf8.contains(0)
  guard isPattern, access(pattern, F_OK) != 0 else { return [pattern] }
  var found = glob_t()
  defer { globfree(&found) }
  // Sorted here: the system's order depends on the language of the user.
  let status = glob(pattern, GLOB_NOSORT, nil, &found)
  guard status == 0 else {
    guard status == GLOB_NOMATCH else {
      throw FormatError(
        pattern, found: "a pattern that cannot be searched for", expected: "a pattern of readable folders",
        kind: .io)
    }
    throw FormatError(
      pattern, found: "no file that matches", expected: "a file or more", remedy: "Check the pattern.",
      kind: .noInput)
  }
  let paths = (0..<Int(found.gl_pathc)).compactMap { index in
    found.gl_pathv[index].map { String(cString: $0) }
  }
  return paths.sorted { JSONString($0) < JSONString($1) }
}

/// The path without links and dots, where the file exists.
private func resolved(_ path: String) -> String {
  guard path != "-", let real = realpath(path, nil) else { return path }
  defer { free(real) }
  return String(cString: real)
}
