//! Who gets a case, on grounds made by hand.

use super::*;

fn held(person_id: i64, role: RoleKind, depth: usize) -> Holder {
    Holder {
        person_id,
        name: format!("p{person_id}"),
        role,
        place_id: Some(1),
        organisation_id: None,
        depth,
    }
}

fn rule() -> Rule {
    Rule {
        id: 1,
        place_id: 1,
        kind: None,
        category: None,
        position: 0,
        organisation_id: None,
        person_id: None,
        role: None,
        organisation_kind: None,
    }
}

fn wanted(floor: Level, without: &[i64]) -> Wanted<'_> {
    Wanted {
        kind: CaseKind::Repair,
        category: Some("lift"),
        floor,
        without,
    }
}

fn chosen(ground: &Ground, floor: Level, without: &[i64]) -> Option<i64> {
    ground
        .choose(wanted(floor, without))
        .map(|target| target.person_id)
}

fn full() -> Ground {
    Ground {
        policies: Policies::new(Grade::Ordinary, Vec::new(), Default::default()),
        rules: Vec::new(),
        people: vec![
            held(1, RoleKind::Steward, 6),
            held(2, RoleKind::PropertyManager, 5),
            held(3, RoleKind::GridWorker, 4),
            held(4, RoleKind::CommunitySecretary, 4),
            held(5, RoleKind::StreetOfficer, 3),
            held(6, RoleKind::DepartmentLiaison, 2),
        ],
    }
}

#[test]
fn a_vacancy_falls_upward() {
    let ground = full();
    let mut without = Vec::new();
    let mut order = Vec::new();
    while let Some(person) = chosen(&ground, Level::Compound, &without) {
        order.push(person);
        without.push(person);
    }
    assert_eq!(order, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn what_is_refused_goes_back_to_who_gives_work_out() {
    let ground = full();
    let back = |floor, without: &[i64]| {
        let giver = ground.dispatcher(floor, without);
        giver.map(|target| target.person_id)
    };
    assert_eq!(back(Level::Compound, &[1]), Some(2));
    assert_eq!(back(Level::Compound, &[1, 2]), Some(4));
    assert_eq!(back(Level::Community, &[3]), Some(4));
    assert_eq!(back(Level::Street, &[5]), None);
}

#[test]
fn the_next_level_is_not_jumped_over_by_a_rule() {
    let mut ground = full();
    ground.rules = vec![Rule {
        role: Some(RoleKind::DepartmentLiaison),
        ..rule()
    }];
    assert_eq!(chosen(&ground, Level::Compound, &[]), Some(6));
    assert_eq!(chosen(&ground, Level::Community, &[]), Some(3));
    assert_eq!(chosen(&ground, Level::Department, &[6]), None);
}

#[test]
fn the_first_rule_that_fits_wins_and_one_that_does_not_is_passed_by() {
    let mut ground = full();
    ground.rules = vec![
        Rule {
            kind: Some(CaseKind::Dispute),
            role: Some(RoleKind::StreetOfficer),
            ..rule()
        },
        Rule {
            category: Some("noise".to_owned()),
            role: Some(RoleKind::GridWorker),
            ..rule()
        },
        Rule {
            category: Some("lift".to_owned()),
            person_id: Some(4),
            ..rule()
        },
        Rule {
            role: Some(RoleKind::PropertyManager),
            ..rule()
        },
    ];
    assert_eq!(chosen(&ground, Level::Compound, &[]), Some(4));
    assert_eq!(chosen(&ground, Level::Compound, &[4]), Some(2));
}

#[test]
fn the_verdicts_say_what_the_choice_is_made_of() {
    let mut ground = full();
    let numbered = |id, rule: Rule| Rule { id, ..rule };
    ground.rules = vec![
        numbered(
            1,
            Rule {
                kind: Some(CaseKind::Dispute),
                role: Some(RoleKind::StreetOfficer),
                ..rule()
            },
        ),
        numbered(
            2,
            Rule {
                category: Some("noise".to_owned()),
                role: Some(RoleKind::GridWorker),
                ..rule()
            },
        ),
        numbered(
            3,
            Rule {
                person_id: Some(77),
                ..rule()
            },
        ),
        numbered(
            4,
            Rule {
                role: Some(RoleKind::PropertyManager),
                ..rule()
            },
        ),
    ];
    let verdicts = ground.verdicts(wanted(Level::Compound, &[]));
    let Some((4, Verdict::Fits(target))) = verdicts.last() else {
        panic!("{verdicts:?}");
    };
    assert_eq!(
        Some(target.person_id),
        chosen(&ground, Level::Compound, &[])
    );
    let others: Vec<_> = verdicts[..3]
        .iter()
        .map(|(id, it)| (*id, it.clone()))
        .collect();
    assert_eq!(
        others,
        [
            (1, Verdict::OtherKind),
            (2, Verdict::OtherCategory),
            (3, Verdict::Vacant)
        ]
    );
}

#[test]
fn an_organisation_gives_it_to_one_of_its_own() {
    let mut ground = full();
    let mut staff = held(9, RoleKind::PropertyStaff, 5);
    staff.organisation_id = Some(40);
    let mut other = held(8, RoleKind::PropertyStaff, 5);
    other.organisation_id = Some(41);
    ground.people.extend([other, staff]);
    ground.rules = vec![Rule {
        organisation_id: Some(40),
        organisation_kind: Some("property_company".to_owned()),
        ..rule()
    }];
    assert_eq!(chosen(&ground, Level::Compound, &[]), Some(9));
    assert_eq!(chosen(&ground, Level::Compound, &[9]), Some(2));
}
