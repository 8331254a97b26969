extension Array {
  /// The first position from which on all elements are `upper`, in an array where none is before one that is not.
  func partition(_ isUpper: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isUpper(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
