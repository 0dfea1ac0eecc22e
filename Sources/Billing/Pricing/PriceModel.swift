/// How usage is priced. Each model is a `PriceFormula` in a file of its own.
public struct PriceModel: Sendable {
  let formula: any PriceFormula

  /// Every model, in the order in which errors list their names. A model that is not here cannot be
  /// read from a catalog.
  static let formulas: [any PriceFormula.Type] = [
    FlatPrice.self, UnitPrice.self, GraduatedPrice.self, VolumePrice.self, PackagePrice.self,
    Percentage.self,
  ]

  /// As in a catalog: `per_unit`.
  public var name: String { type(of: formula).name }
}

extension PriceModel: Equatable {
  public static func == (left: PriceModel, right: PriceModel) -> Bool {
    left.formula.isEqual(to: right.formula)
  }
}

/// All there is to say of one price model: its name and keys in a catalog, how they are read and
/// written, the rules its numbers keep, and the amount.
protocol PriceFormula: Sendable, Equatable {
  /// Its `model` in a catalog.
  static var name: String { get }
  /// The keys it takes beside those of every price.
  static var keys: [String] { get }

  init(_ fields: CatalogFields) throws
  func encode(into container: inout KeyedEncodingContainer<CatalogKey>) throws
  /// Throws a `CatalogError` for a number that cannot be right.
  func check(_ rules: PriceRules, hasFreeUnits: Bool) throws
  /// Not rounded. Discount, minimum and maximum come afterwards.
  func amount(of usage: PricedUsage) throws -> ExactDecimal
  /// Whether the sum of the usage is not enough to price it.
  var needsEvents: Bool { get }
}

extension PriceFormula {
  var needsEvents: Bool { false }

  fileprivate func isEqual(to other: any PriceFormula) -> Bool { self == other as? Self }
}

/// What a price model gets to see of a period's usage.
struct PricedUsage {
  /// Converted, without the units that are free.
  var units: ExactDecimal
  /// Single quantities in order of time, where the model needs them.
  var events: [ExactDecimal]
  var freeUnits: ExactDecimal?
}
