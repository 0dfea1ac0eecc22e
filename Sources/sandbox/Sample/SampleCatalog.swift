/// The prices of a small cloud provider: servers by the hour up to a maximum per month, storage,
/// traffic with a free allowance, and a support plan.
enum SampleCatalog {
  static let francs = """
    # Prices in Swiss francs, before tax.
    version: 1
    currency: CHF
    products:
      - id: server-small
        name: Server small (2 vCPU, 4 GB)
        metric: server_small_hours
        unit: hour
        price: { model: per_unit, unit: "0.0085", maximum: "5.40" }
      - id: server-medium
        name: Server medium (4 vCPU, 8 GB)
        metric: server_medium_hours
        unit: hour
        price: { model: per_unit, unit: "0.0164", maximum: "10.40" }
      - id: server-large
        name: Server large (16 vCPU, 32 GB)
        metric: server_large_hours
        unit: hour
        price: { model: per_unit, unit: "0.0788", maximum: "49.90" }
      - id: block-storage
        name: Block storage
        metric: storage_gb_months
        unit: GB-month
        price: { model: per_unit, unit: "0.0572", free_units: "10" }
      - id: traffic
        name: Outgoing traffic
        metric: traffic_gb
        unit: GB
        price:
          model: graduated
          tiers:
            - { up_to: "1000",  unit: "0" }
            - { up_to: "10000", unit: "0.0012" }
            - { up_to: null,    unit: "0.0009" }
      - id: support
        name: Support plan, per month
        price: { model: flat, amount: "4.90" }
    taxes:
      - { country: CH, name: MWST, rate: "0.081" }

    """

  static let euros = """
    # Prices in euros, before tax. No support plan: an account without usage owes nothing.
    version: 1
    currency: EUR
    products:
      - id: server-small
        name: Server small (2 vCPU, 4 GB)
        metric: server_small_hours
        unit: hour
        price: { model: per_unit, unit: "0.0088", maximum: "5.60" }
      - id: server-medium
        name: Server medium (4 vCPU, 8 GB)
        metric: server_medium_hours
        unit: hour
        price: { model: per_unit, unit: "0.0171", maximum: "10.80" }
      - id: server-large
        name: Server large (16 vCPU, 32 GB)
        metric: server_large_hours
        unit: hour
        price: { model: per_unit, unit: "0.0815", maximum: "51.50" }
      - id: block-storage
        name: Block storage
        metric: storage_gb_months
        unit: GB-month
        price: { model: per_unit, unit: "0.0595", free_units: "10" }
      - id: traffic
        name: Outgoing traffic
        metric: traffic_gb
        unit: GB
        price:
          model: graduated
          tiers:
            - { up_to: "1000",  unit: "0" }
            - { up_to: "10000", unit: "0.00125" }
            - { up_to: null,    unit: "0.00095" }
    taxes:
      - { country: DE, name: USt, rate: "0.19" }
      - { country: AT, name: USt, rate: "0.20" }

    """
}
