import Billing
import Foundation

/// One case of the shared file: facts read from other products' tests and documents.
struct RatingCase: Decodable {
  struct Params: Decodable {
    struct TierParams: Decodable {
      var upTo: ExactDecimal?
      var unit: ExactDecimal?
      var flat: ExactDecimal?
      var ratePercent: ExactDecimal?
      var blockSize: ExactDecimal?
      var maxBlocks: ExactDecimal?
      var pricePerBlock: ExactDecimal?
    }
    struct Convert: Decodable {
      var divideBy: ExactDecimal
      var round: Rounding
    }
    var tiers: [TierParams]?
    var unit: ExactDecimal?
    var amount: ExactDecimal?
    var packageSize: ExactDecimal?
    var price: ExactDecimal?
    var multiplier: ExactDecimal?
    var ratePercent: ExactDecimal?
    var fixedPerEvent: ExactDecimal?
    var freeEvents: Int?
    var freeTotal: ExactDecimal?
    var minPerEvent: ExactDecimal?
    var maxPerEvent: ExactDecimal?
    var freeUnits: ExactDecimal?
    var convert: Convert?
    var discountPercent: ExactDecimal?
    var minAmount: ExactDecimal?
    var maxAmount: ExactDecimal?
    var roundDp: Int?
  }
  struct Usage: Decodable {
    var quantity: ExactDecimal?
    var events: [ExactDecimal]?
    var priorQuantity: ExactDecimal?
    var priorBilled: ExactDecimal?
  }
  struct Expected: Decodable {
    var amount: ExactDecimal
  }

  var id: String
  var model: String
  var params: Params
  var usage: Usage
  var expected: Expected

  struct NotMapped: Error {
    var reason: String
  }

  /// What this product's own models make of the case.
  func amount() throws -> ExactDecimal {
    let price = Price(
      try priceModel(),
      convert: params.convert.map { Conversion(divideBy: $0.divideBy, round: $0.round) },
      freeUnits: params.freeUnits, discountPercent: params.discountPercent,
      minimum: params.minAmount, maximum: params.maxAmount)
    let catalog = Catalog(
      version: 1, currency: try Currency("USD"),
      products: [
        Product(id: "case", name: id, metric: price.isFlat ? nil : "usage", price: price)
      ])
    try catalog.validated()
    let amount = try price.amount(
      quantity: usage.quantity ?? .zero, events: usage.events ?? [],
      prior: PriorBilling(
        quantity: usage.priorQuantity ?? .zero, billed: usage.priorBilled ?? .zero))
    guard let decimals = params.roundDp else { return amount }
    let minor = try amount.roundedMinorUnits(exponent: decimals)
    guard let rounded = ExactDecimal(coefficient: minor, scale: decimals) else {
      throw NotMapped(reason: "roundDp \(decimals)")
    }
    return rounded
  }

  private func priceModel() throws -> PriceModel {
    switch model {
    case "flat":
      return .flat(amount: try need(params.amount))
    case "per_unit":
      return .perUnit(try need(params.unit))
    case "multiplier":
      return .perUnit(try need(params.multiplier))
    case "package":
      return .package(size: try need(params.packageSize), price: try need(params.price))
    case "graduated":
      return .graduated(try tiers())
    case "volume":
      return .volume(try tiers())
    case "graduated_percentage":
      return .graduated(try tiers())
    case "graduated_blocks":
      return .graduated(try blockTiers())
    case "volume_blocks":
      return .volume(try blockTiers())
    case "percentage":
      return .percentage(
        Percentage(
          rate: try percent(need(params.ratePercent)), fixedPerEvent: params.fixedPerEvent,
          freeEvents: params.freeEvents, freeTotal: params.freeTotal,
          minPerEvent: params.minPerEvent, maxPerEvent: params.maxPerEvent))
    default:
      throw NotMapped(reason: "model \(model)")
    }
  }

  private func tiers() throws -> [Tier] {
    try need(params.tiers).map { tier in
      let unit = try tier.ratePercent.map(percent) ?? need(tier.unit)
      return Tier(upTo: tier.upTo, unit: unit, flat: tier.flat ?? .zero)
    }
  }

  /// Blocks bound a tier from where the one before ends; the last is open here.
  private func blockTiers() throws -> [Tier] {
    let tiers = try need(params.tiers)
    var upper = ExactDecimal.zero
    return try tiers.enumerated().map { index, tier in
      let size = try need(tier.blockSize)
      let isLast = index == tiers.count - 1
      if !isLast { upper = try upper.adding(size.multiplied(by: need(tier.maxBlocks))) }
      return Tier(
        upTo: isLast ? nil : upper, unit: try need(tier.pricePerBlock), packageSize: size)
    }
  }

  private func percent(_ value: ExactDecimal) throws -> ExactDecimal {
    try value.multiplied(by: ExactDecimal(parsing: "0.01"))
  }

  private func need<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw NotMapped(reason: "a parameter of \(model) is missing") }
    return value
  }
}
