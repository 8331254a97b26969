// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "Discern",
  products: [
    .library(name: "Discern", targets: ["Discern"]),
    .executable(name: "discern", targets: ["DiscernCLI"]),
    .executable(name: "make-random-model", targets: ["RandomModel"]),
  ],
  dependencies: [
    // Subcommands, validation and help pages that people expect from a Swift command.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Recipes are YAML files that people write by hand; Yams names the path of a wrong type.
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(
      name: "CKernels",
      cSettings: [
        // Debug builds stay usable: the kernels are always optimised.
        .unsafeFlags(["-O3"], .when(configuration: .debug))
      ],
      linkerSettings: [.linkedLibrary("m"), .linkedLibrary("pthread")]),
    .target(name: "Compute", dependencies: ["CKernels"], swiftSettings: swiftSettings),
    // zlib: gzip's decompressor, as every system has it.
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Formats", dependencies: ["CZlib"], swiftSettings: swiftSettings),
    .target(
      name: "Discern",
      dependencies: ["Compute", "Formats", .product(name: "Yams", package: "Yams")],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "DiscernCLI",
      dependencies: [
        "Discern", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings),
    // Models to measure with, for Scripts/make-random-model.
    .executableTarget(
      name: "RandomModel",
      dependencies: [
        "Compute", "Formats", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings),
    .target(
      name: "TestSupport", dependencies: ["Compute", "Discern"], path: "Tests/TestSupport",
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ComputeTests", dependencies: ["Compute", "CKernels", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "FormatsTests", dependencies: ["Formats", "CZlib"], exclude: ["Fixtures"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "DiscernTests", dependencies: ["Discern", "Compute", "Formats", "TestSupport"],
      exclude: ["Fixtures"], swiftSettings: swiftSettings),
    .testTarget(
      name: "CLITests",
      dependencies: ["DiscernCLI", "RandomModel", "Discern", "Compute", "Formats", "TestSupport"],
      exclude: ["Snapshots"], swiftSettings: swiftSettings),
  ],
  cLanguageStandard: .gnu11
)
