// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6 mode, and a warning is an error.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
]

/// The five services are one line each over `Services`; they differ only in which service they
/// name.
let services: [Target] = ["invoicer", "charger", "mailer", "holder", "reporter"].map {
  .executableTarget(name: $0, dependencies: ["Services"], swiftSettings: strict)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let lifecycle = Target.Dependency.product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")

let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")

let package = Package(
  name: "month-close",
  products: [],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: services + [
    .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq"),
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq"),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto"),
    .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
    .target(name: "Billing", swiftSettings: strict),
    .target(
      name: "Ledger",
      dependencies: [
        "Billing", "Endpoints", "CPostgres", "CSQLite",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      resources: ["roles", "schema", "rights"].map { .embedInCode("Schema/Roles/\($0).sql") },
      swiftSettings: strict),
    .target(
      name: "Broker", dependencies: ["CRabbitMQ", "Endpoints", log, deque], swiftSettings: strict),
    .target(
      name: "Monitoring",
      dependencies: [
        log, metrics, lifecycle, .product(name: "Hummingbird", package: "hummingbird"),
      ],
      swiftSettings: strict),
    .target(name: "JSON", swiftSettings: strict),
    .target(name: "Endpoints", dependencies: ["CCurl"], swiftSettings: strict),
    .target(
      name: "Payments",
      dependencies: [
        "Billing", "JSON", "Endpoints", log,
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),
    .target(
      name: "Mail",
      dependencies: [
        "Billing", "Endpoints", "CCurl", log, deque,
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      swiftSettings: strict),
    .target(
      name: "Services",
      dependencies: [
        "Billing", "JSON", "Ledger", "Broker", "Endpoints", "Payments", "Mail", "Monitoring",
        "CCrypto", "CCurl", log, lifecycle, metrics,
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .target(
      name: "Operations",
      dependencies: ["Billing", "Ledger", "Broker", "Payments", "Mail", "Services", log],
      swiftSettings: strict),
    .executableTarget(
      name: "closectl",
      dependencies: [
        "Billing", "Broker", "JSON", "Ledger", "Operations", "Payments", "Services", "CZlib",
        "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "sandbox",
      dependencies: [
        "Billing", "Endpoints", "JSON", deque,
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "simulator",
      dependencies: [
        "Billing", "Broker", "Ledger", "Mail", "Operations", "Payments", "Services",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    tests("ArchitectureTests", []),
    tests("BillingTests", ["Billing"], exclude: ["rating-exceptions.json"]),
    tests("BrokerTests", ["Broker"]),
    tests("LedgerTests", ["Ledger"], exclude: ["Recorded"]),
    tests(
      "MonitoringTests",
      ["Monitoring", .product(name: "AsyncHTTPClient", package: "async-http-client")]),
    tests("EndpointsTests", ["Endpoints"]),
    tests("ServicesTests", ["Operations", "Services"], exclude: ["Recorded"]),
    tests("OperatorTests", ["closectl"]),
    tests("SandboxTests", ["sandbox"]),
    tests("SimulatorTests", ["simulator"]),
  ]
)
