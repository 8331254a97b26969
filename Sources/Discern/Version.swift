/// The version of this library and command.
public enum DiscernVersion {
  /// As in a tag of the repository.
  public static let current = "0.1.0"
}
